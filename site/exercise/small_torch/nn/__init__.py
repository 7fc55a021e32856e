"""torch.nn in small: modules, their parameters, and a few layers. They do not learn here."""

import math
from collections import OrderedDict

import torch
from torch._tensor import elsewhere
from torch.nn import functional

KNOWN = set(
    """Conv1d Conv2d Embedding MultiheadAttention Transformer TransformerEncoderLayer
RMSNorm LSTM GRU RNN Tanh Sigmoid SiLU LeakyReLU ModuleDict Flatten CrossEntropyLoss LogSoftmax init
utils""".split()
)


def __getattr__(name):
    if name in KNOWN:
        raise AttributeError(elsewhere("torch.nn." + name))
    raise AttributeError(f"module 'torch.nn' has no attribute '{name}'")


class Parameter(torch.Tensor):
    def __init__(self, data, requires_grad=True):
        self._js = data._js

    def __repr__(self):
        return "Parameter containing:\n" + repr(self.detach())


class Module:
    """Attributes that are modules, parameters or buffers are found again by those names."""

    def __init__(self):
        self.training = True
        for group in "_modules", "_parameters", "_buffers":
            setattr(self, group, OrderedDict())

    def __setattr__(self, name, value):
        for kind, words, group in (
            (Module, "module", "_modules"),
            (Parameter, "parameters", "_parameters"),
        ):
            if isinstance(value, kind):
                if "_modules" not in self.__dict__:
                    raise AttributeError(f"cannot assign {words} before Module.__init__() call")
                getattr(self, group)[name] = value
        if isinstance(value, torch.Tensor) and name in self.__dict__.get("_buffers", ()):
            self._buffers[name] = value
        object.__setattr__(self, name, value)

    def __getattr__(self, name):
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __call__(self, *args, **named):
        return self.forward(*args, **named)

    def forward(self, *args, **named):
        name = type(self).__name__
        raise NotImplementedError(f'Module [{name}] is missing the required "forward" function')

    def register_buffer(self, name, tensor, persistent=True):
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._buffers[name] = tensor
        object.__setattr__(self, name, tensor)

    def register_parameter(self, name, param):
        setattr(self, name, param)

    def children(self):
        return iter(self._modules.values())

    def modules(self):
        return iter([module for _, module in self.named_modules()])

    def named_modules(self, prefix=""):
        yield prefix, self
        for name, module in self._modules.items():
            yield from module.named_modules(prefix + "." + name if prefix else name)

    def parameters(self):
        return iter([parameter for _, parameter in self.named_parameters()])

    def named_parameters(self):
        for prefix, module in self.named_modules():
            for name, parameter in module._parameters.items():
                yield (prefix + "." + name if prefix else name), parameter

    def buffers(self):
        return iter([buffer for module in self.modules() for buffer in module._buffers.values()])

    def train(self, mode=True):
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        return self.train(False)

    def to(self, *where, **named):
        return self

    def extra_repr(self):
        return ""

    def __repr__(self):
        lines = [
            "(" + name + "): " + repr(module).replace("\n", "\n  ")
            for name, module in self._modules.items()
        ]
        inside = "\n  " + "\n  ".join(lines) + "\n" if lines else self.extra_repr()
        return f"{type(self).__name__}({inside})"


class Linear(Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        most = 1 / math.sqrt(in_features) if in_features else 0
        self.weight = Parameter(torch.rand(out_features, in_features).sub_(0.5).mul_(2 * most))
        self.bias = Parameter(torch.rand(out_features).sub_(0.5).mul_(2 * most)) if bias else None

    def forward(self, input):
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self):
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class LayerNorm(Module):
    def __init__(self, normalized_shape, eps=1e-5, elementwise_affine=True, bias=True):
        super().__init__()
        self.eps = eps
        self.normalized_shape = (
            (normalized_shape,) if isinstance(normalized_shape, int) else tuple(normalized_shape)
        )
        self.weight = Parameter(torch.ones(self.normalized_shape)) if elementwise_affine else None
        with_bias = elementwise_affine and bias
        self.bias = Parameter(torch.zeros(self.normalized_shape)) if with_bias else None

    def forward(self, input):
        return functional.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)


class Dropout(Module):
    """It leaves all as it is: nothing learns here."""

    def __init__(self, p=0.5, inplace=False):
        super().__init__()
        self.p = p

    def forward(self, input):
        return input


class Identity(Module):
    def __init__(self, *args, **named):
        super().__init__()

    def forward(self, input):
        return input


class Softmax(Module):
    def __init__(self, dim=None):
        super().__init__()
        self.dim = dim

    def forward(self, input):
        return functional.softmax(input, self.dim)


class ReLU(Module):
    def __init__(self, inplace=False):
        super().__init__()

    def forward(self, input):
        return input.relu()


class GELU(Module):
    def __init__(self, approximate="none"):
        super().__init__()
        self.approximate = approximate

    def forward(self, input):
        return functional.gelu(input, approximate=self.approximate)


class ModuleList(Module):
    def __init__(self, modules=()):
        super().__init__()
        for module in modules:
            self.append(module)

    def append(self, module):
        setattr(self, str(len(self)), module)
        return self

    def __len__(self):
        return len(self._modules)

    def __iter__(self):
        return self.children()

    def __getitem__(self, index):
        return list(self._modules.values())[index]


class Sequential(ModuleList):
    def __init__(self, *modules):
        super().__init__(modules)

    def forward(self, input):
        for module in self:
            input = module(input)
        return input
