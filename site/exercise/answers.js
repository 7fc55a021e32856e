/** The right answers. Nothing loads them until somebody asks to see one: see app/typed-head.js. */
import { withFillings } from "./ways.js";

const ANSWERS = {
  attention: `import math
import torch


def attention(q, k, v):
    D = q.shape[-1]
    scores = q @ k.transpose(-2, -1) / D**0.5
    later = torch.ones_like(scores).triu(1) > 0
    hidden = scores.masked_fill(later, -math.inf)
    weights = hidden.softmax(dim=-1)
    return weights @ v, weights
`,
  head: `import math
import torch
import torch.nn as nn


class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        D = q.shape[-1]
        scores = q @ k.transpose(-2, -1) / D**0.5
        later = torch.ones_like(scores).triu(1) > 0
        hidden = scores.masked_fill(later, -math.inf)
        weights = hidden.softmax(dim=-1)
        return weights @ v, weights
`,
};

const FILLINGS = ["powers / sums", "shares @ v"];

/** @param {string} exercise @param {string} way one of WAYS */
export const answerTo = (exercise, way = "empty") =>
  way === "blanks" ? withFillings(exercise, FILLINGS) : ANSWERS[exercise];
