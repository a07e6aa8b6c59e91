import os; os.environ['KERAS_BACKEND']='torch'
import numpy as np, keras
r=np.random.default_rng(0); X=r.random((200,5)).astype('float32'); y=(X[:,0]>.5).astype(int)
m=keras.Sequential([keras.layers.Dense(8,activation='relu'),keras.layers.Dense(1,activation='sigmoid')]); m.compile('adam','binary_crossentropy',metrics=['accuracy'])
m.fit(X,y,epochs=3,validation_split=.2,verbose=0,callbacks=[keras.callbacks.CSVLogger('training.log')])
