"""Reviews of many lengths, put together from small word lists, and their batches."""
import random

import torch

PAD, UNK = 0, 1
GOOD = "lovely crisp generous warm bright honest clever tender vivid brave".split()
BAD = "dull clumsy noisy bitter stale cheap lazy muddled cold flat".split()
PLAIN = """the a film room meal song book we they it was had and but so then again really quite there here
with from this that some of to in for on evening morning street table chapter scene waiter guitar""".split()


def make_reviews(count, seed):
    rng = random.Random(seed)
    reviews = []
    for _ in range(count):
        label = rng.choices([0, 1, 2], weights=[3, 4, 3])[0]
        length = rng.randint(5, 40)
        words = [rng.choice(PLAIN) for _ in range(length)]
        strength = {0: 0.15, 1: 0.5, 2: 0.85}[label]
        for _ in range(rng.randint(3, 7)):
            words[rng.randrange(length)] = rng.choice(GOOD if rng.random() < strength else BAD)
        reviews.append((" ".join(words), label))
    return reviews


class Vocabulary:
    def __init__(self, texts):
        words = sorted({word for text in texts for word in text.split()})
        self.index = {word: number for number, word in enumerate(words, start=2)}

    def __len__(self):
        return len(self.index) + 2

    def encode(self, text):
        return [self.index.get(word, UNK) for word in text.split()]


def collate(rows):
    length = max(len(ids) for ids, _ in rows)
    tokens = torch.full((len(rows), length), PAD)
    for number, (ids, _) in enumerate(rows):
        tokens[number, : len(ids)] = torch.tensor(ids)
    return tokens, tokens != PAD, torch.tensor([label for _, label in rows])
