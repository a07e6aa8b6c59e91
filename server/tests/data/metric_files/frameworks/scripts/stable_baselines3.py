from stable_baselines3 import PPO
m=PPO('MlpPolicy','CartPole-v1',n_steps=64,tensorboard_log='tb',device='cpu'); m.learn(256)
from stable_baselines3.common.logger import configure
m=PPO('MlpPolicy','CartPole-v1',n_steps=64,device='cpu'); m.set_logger(configure('csvlog',['csv','json'])); m.learn(256)
