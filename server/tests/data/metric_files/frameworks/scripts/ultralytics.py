import os, numpy as np, cv2
for s in ('train','val'):
    for c in ('a','b'):
        os.makedirs(f'd/{s}/{c}',exist_ok=True)
        for i in range(8): cv2.imwrite(f'd/{s}/{c}/{i}.png',np.random.randint(0,128 if c=='a' else 255,(64,64,3),np.uint8))
from ultralytics import YOLO, settings
settings.update({'tensorboard':True})
YOLO('yolo11n-cls.yaml').train(data=os.path.abspath('d'),epochs=3,imgsz=64,batch=4,device='cpu',workers=0,plots=False,amp=False,project=os.path.abspath('runs'))
