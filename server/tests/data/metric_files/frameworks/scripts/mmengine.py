import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.evaluator import BaseMetric
class M(BaseModel):
    def __init__(s): super().__init__(); s.l=torch.nn.Linear(4,2)
    def forward(s,x,y,mode='loss'):
        o=s.l(x)
        return {'loss':torch.nn.functional.cross_entropy(o,y)} if mode=='loss' else (o,y)
class A(BaseMetric):
    def process(s,b,d): s.results.append({'c':(d[0].argmax(1)==d[1]).sum().item(),'n':len(d[1])})
    def compute_metrics(s,r): return {'accuracy':sum(x['c'] for x in r)/sum(x['n'] for x in r)}
D=[(torch.rand(4),i%2) for i in range(64)]
dl=dict(batch_size=8,dataset=D,sampler=dict(type='DefaultSampler',shuffle=False),collate_fn=dict(type='default_collate'))
Runner(model=M(),work_dir='work',train_dataloader=dl,val_dataloader=dl,train_cfg=dict(by_epoch=True,max_epochs=3),val_cfg=dict(),val_evaluator=dict(type=A),optim_wrapper=dict(optimizer=dict(type='SGD',lr=.1)),default_hooks=dict(logger=dict(type='LoggerHook',interval=4)),cfg={},visualizer=dict(type='Visualizer',vis_backends=[dict(type='LocalVisBackend')])).train()
