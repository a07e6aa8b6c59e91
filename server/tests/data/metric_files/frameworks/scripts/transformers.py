import torch
from transformers import Trainer, TrainingArguments
class N(torch.nn.Module):
    def __init__(s): super().__init__(); s.l=torch.nn.Linear(4,2)
    def forward(s,x=None,labels=None):
        o=s.l(x); return {'loss':torch.nn.functional.cross_entropy(o,labels),'logits':o}
torch.manual_seed(0)
D=[{'x':torch.rand(4),'labels':torch.tensor(i%2)} for i in range(64)]
a=TrainingArguments(output_dir='out',num_train_epochs=3,logging_steps=4,eval_strategy='epoch',save_strategy='epoch',per_device_train_batch_size=8,report_to=['tensorboard'],use_cpu=True,disable_tqdm=True)
t=Trainer(model=N(),args=a,train_dataset=D,eval_dataset=D,compute_metrics=lambda p:{'accuracy':float((p.predictions.argmax(-1)==p.label_ids).mean())}); t.train(); t.save_state()
