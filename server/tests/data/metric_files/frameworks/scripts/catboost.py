import numpy as np, catboost
r=np.random.default_rng(0); X=r.random((200,5)); y=(X[:,0]>.5).astype(int)
m=catboost.CatBoostClassifier(iterations=20,eval_metric='AUC',custom_metric=['Accuracy'],verbose=False); m.fit(X[:150],y[:150],eval_set=(X[150:],y[150:]))
