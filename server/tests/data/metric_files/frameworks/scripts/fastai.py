import torch
from fastai.basics import *
from fastai.callback.progress import CSVLogger
torch.manual_seed(0)
ds=[(torch.rand(4),torch.tensor(i%2)) for i in range(64)]
dls=DataLoaders.from_dsets(ds,ds,bs=8,device='cpu')
Learner(dls,nn.Linear(4,2),loss_func=nn.CrossEntropyLoss(),metrics=accuracy,cbs=CSVLogger()).fit(3)
