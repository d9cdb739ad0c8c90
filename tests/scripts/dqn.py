"""DQN on a small grid world. The agent only acts until the replay buffer is warm, then it learns too."""
import argparse
import random
from collections import deque

import torch
import torch.nn as nn
import torch.nn.functional as F

parser = argparse.ArgumentParser()
parser.add_argument("--total-steps", type=int, default=20000)
parser.add_argument("--learning-starts", type=int, default=1000)
parser.add_argument("--train-frequency", type=int, default=2)
parser.add_argument("--target-frequency", type=int, default=500)
parser.add_argument("--hidden", type=int, default=128)
parser.add_argument("--seed", type=int, default=1)
args = parser.parse_args()
random.seed(args.seed)
torch.manual_seed(args.seed)


class Grid:
    """Reach the goal in the corner; pits end the episode."""
    size, pits, goal = 6, {(2, 2), (3, 4), (4, 1)}, (5, 5)

    def reset(self):
        self.at, self.t = (0, 0), 0
        return self._observe()

    def step(self, action):
        dx, dy = [(0, 1), (1, 0), (0, -1), (-1, 0)][action]
        self.at = (min(max(self.at[0] + dx, 0), 5), min(max(self.at[1] + dy, 0), 5))
        self.t += 1
        if self.at in self.pits:
            return self._observe(), -1.0, True
        if self.at == self.goal:
            return self._observe(), 1.0, True
        return self._observe(), -0.01, self.t >= 50

    def _observe(self):
        x = torch.zeros(12)
        x[self.at[0]] = x[6 + self.at[1]] = 1
        return x


def network():
    return nn.Sequential(nn.Linear(12, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                         nn.Linear(args.hidden, 4))


env = Grid()
q, target = network(), network()
target.load_state_dict(q.state_dict())
optimizer = torch.optim.Adam(q.parameters(), lr=5e-4)
buffer = deque(maxlen=10000)
returns = deque(maxlen=50)

state, episode_return = env.reset(), 0.0
for global_step in range(args.total_steps):
    epsilon = max(0.05, 1 - global_step / (0.5 * args.total_steps))
    if random.random() < epsilon:
        action = random.randrange(4)
    else:
        with torch.no_grad():
            action = q(state).argmax().item()
    next_state, reward, done = env.step(action)
    buffer.append((state, action, reward, next_state, float(done)))
    episode_return += reward
    state = next_state
    if done:
        returns.append(episode_return)
        state, episode_return = env.reset(), 0.0

    if global_step > args.learning_starts and global_step % args.train_frequency == 0:
        s, a, r, s2, d = zip(*random.sample(buffer, 64))
        s, s2 = torch.stack(s), torch.stack(s2)
        a, r, d = torch.tensor(a), torch.tensor(r), torch.tensor(d)
        with torch.no_grad():
            goal = r + 0.97 * target(s2).max(1).values * (1 - d)
        loss = F.smooth_l1_loss(q(s).gather(1, a.unsqueeze(1)).squeeze(1), goal)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if global_step % args.target_frequency == 0:
            target.load_state_dict(q.state_dict())
    if global_step % 1000 == 999 and returns:
        print(f"step {global_step + 1} mean return {sum(returns) / len(returns):.3f} epsilon {epsilon:.2f}")

torch.save(q.state_dict(), "dqn.pt")
