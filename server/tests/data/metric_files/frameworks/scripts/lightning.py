import sys, torch, lightning as L
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
class M(L.LightningModule):
    def __init__(s):
        super().__init__(); s.l=torch.nn.Linear(4,1)
    def loss(s,b): return ((s.l(b[0])-1)**2).mean()
    def training_step(s,b,i):
        l=s.loss(b); s.log('train_loss',l); return l
    def validation_step(s,b,i): s.log('val_loss',s.loss(b))
    def test_step(s,b,i): s.log('test_loss',s.loss(b))
    def configure_optimizers(s): return torch.optim.SGD(s.parameters(),.1)
torch.manual_seed(0)
d=torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.rand(64,4)),8)
kind=sys.argv[1]
log={'csv':lambda:CSVLogger('logs'),'tb':lambda:TensorBoardLogger('tb'),'default':lambda:True,'both':lambda:[CSVLogger('.'),TensorBoardLogger('.')]}[kind]()
t=L.Trainer(max_epochs=3,logger=log,log_every_n_steps=4,enable_progress_bar=False,accelerator='cpu')
m=M(); t.fit(m,d,d); t.test(m,d)
