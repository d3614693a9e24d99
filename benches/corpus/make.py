#!/usr/bin/env python3
"""Write the corpus: networks, values, and gradients as PyTorch and JAX compute them.

    make.py FOLDER [--only REGEX]

In: the families of networks beside this file. Out, in FOLDER, for each network NAME and each
FORMAT of f64, f32, bf16, f16: `NAME.bp`, `NAME.FORMAT.v.safetensors`, the right gradients
`NAME.FORMAT.FRAMEWORK.g.safetensors`, and wrong ones of real programs: `NAME.FORMAT.left-out…` of
one that forgets a sample of the batch, `NAME.FORMAT.missing…` of one that loses a term of the
chain rule. `NAME.losses.json` has the losses, `versions.json` says what computed them.

What always holds: values are numbers of their format, and the program computes in that format;
in f64 both frameworks agree to 1e-10 of each tensor's largest element, or the network is refused;
the seeds are fixed. What a framework cannot compute, or computes to NaN, is said and not written.
"""

import argparse
import json
import os
import re
import sys
from pathlib import Path

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np
import torch

import arrays
import chains
import images
import sequences
import single

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)

TORCH = {"f64": torch.float64, "f32": torch.float32, "bf16": torch.bfloat16, "f16": torch.float16}
JAX = {"f64": jnp.float64, "f32": jnp.float32, "bf16": jnp.bfloat16, "f16": jnp.float16}


class Cut:
    """The identity, or in a program with `cuts` a value through which no gradient goes back."""

    def __init__(self, stop, cuts):
        self.stop, self.cuts, self.used = stop, cuts, False

    def __call__(self, value):
        self.used = True
        return self.stop(value) if self.cuts else value

    @property
    def never(self):
        return Cut(self.stop, False)


def torch_loss(net, result, t, left_out):
    if net.loss == "sum":
        return result
    if net.loss == "mse":
        if left_out:
            return ((result - t)[1:] ** 2).sum() / t.numel()
        return torch.nn.functional.mse_loss(result, t)
    # A row of zeros says of no class that it should be likely: its term is 0.
    keep = torch.ones(t.shape[:-1] + (1,), dtype=t.dtype)
    if left_out:
        keep[0] = 0
        return torch.nn.functional.cross_entropy(result, t * keep)
    return torch.nn.functional.cross_entropy(result, t.argmax(-1))


def jax_loss(net, result, t, left_out):
    if net.loss == "sum":
        return result
    kept = slice(1, None) if left_out else slice(None)
    if net.loss == "mse":
        squares = (result - t) ** 2
        return squares[kept].sum() / t.size if left_out else squares.mean()
    terms = -(t * jax.nn.log_softmax(result, axis=-1)).sum(-1)
    return terms[kept].sum() / terms.size if left_out else terms.mean()


class Emulated(torch.utils._python_dispatch.TorchDispatchMode):
    """What has no kernel in f16 is computed in f32, and every result stored in f16."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        try:
            return func(*args, **kwargs)
        except (RuntimeError, NotImplementedError) as error:
            if "not implemented" not in str(error):
                raise
        tree = torch.utils._pytree.tree_map
        half = lambda a: isinstance(a, torch.Tensor) and a.dtype == torch.float16
        wide = lambda a: a.float() if half(a) else a
        single = lambda a: isinstance(a, torch.Tensor) and a.dtype == torch.float32
        narrow = lambda a: a.half() if single(a) else a
        return tree(narrow, func(*tree(wide, args), **tree(wide, kwargs)))


def by_torch(net, values, fmt, cuts=False, left_out=False):
    """The loss and the gradients, or None where nothing was cut."""
    q = {name: torch.tensor(a, dtype=TORCH[fmt]) for name, a in values.items()}
    params = [q[name].requires_grad_() for name in net.params]
    cut = Cut(lambda value: value.detach(), cuts)
    with Emulated():
        result = net.torch(q, cut)
        result, penalty = result if isinstance(result, tuple) else (result, None)
        E = torch_loss(net, result, q.get("t"), left_out)
        E = E if penalty is None else E + penalty
        gradients = torch.autograd.grad(E, params, allow_unused=True)
    if cuts and not cut.used:
        return None
    found = {name: np.zeros(p.shape) if g is None else g.double().numpy()
             for name, p, g in zip(net.params, params, gradients)}
    return float(E.detach()), found


def by_jax(net, values, fmt, cuts=False, left_out=False):
    q = {name: jnp.asarray(a, JAX[fmt]) for name, a in values.items()}
    rest = {name: a for name, a in q.items() if name not in net.params}
    cut = Cut(jax.lax.stop_gradient, cuts)

    def loss(params, rest):
        result = net.jax({**rest, **params}, cut)
        result, penalty = result if isinstance(result, tuple) else (result, None)
        E = jax_loss(net, result, rest.get("t"), left_out)
        return E if penalty is None else E + penalty

    E, gradients = jax.jit(jax.value_and_grad(loss))({n: q[n] for n in net.params}, rest)
    assert E.dtype == JAX[fmt], f"{net.name}: the loss is {E.dtype} in {fmt}"
    return float(E), {name: np.asarray(g.astype(jnp.float64)) for name, g in gradients.items()}


def apart(ours, theirs):
    """The greatest difference of two gradients, in parts of a tensor's largest element.

    A gradient that is 0 but for rounding, as of a bias before a batch norm, has no such element:
    a thousandth of the program's largest stands for it.
    """
    largest = {name: np.abs(g).max(initial=0) for name, g in ours.items()}
    floor = max(largest.values()) / 1000
    return max(np.abs(ours[name] - theirs[name]).max(initial=0) / max(largest[name], floor)
               for name in ours)


def write(net, folder):
    """All files of one network; returns a line about it."""
    (folder / f"{net.name}.bp").write_text(net.text)
    about, losses = "", {}
    for fmt in arrays.FORMATS:
        values = {name: arrays.rounded(a, fmt) for name, a in net.values.items()}
        arrays.save(folder / f"{net.name}.{fmt}.v.safetensors", values, fmt)
        found = {}
        for framework, program in [("torch", by_torch), ("jax", by_jax)]:
            E, gradients = program(net, values, fmt)
            found[framework] = gradients
            losses.setdefault(fmt, {})[framework] = E
            path = folder / f"{net.name}.{fmt}.{framework}.g.safetensors"
            if all(np.isfinite(g).all() for g in gradients.values()) and np.isfinite(E):
                arrays.save(path, gradients, fmt)
                about += f" {fmt[:1] if fmt != 'bf16' else 'b'}{fmt[-2:]}:{framework[0]}={E:.7g}"
            else:
                path.unlink(missing_ok=True)
                about += f" [{fmt} {framework}: not finite]"
        if fmt == "f64":
            distance = apart(found["torch"], found["jax"])
            if not distance < 1e-10:
                raise SystemExit(f"{net.name}: PyTorch and JAX are {distance:.1e} apart in f64")
            about += f" apart {distance:.0e};"
        wrong = [("missing", {"cuts": True})]
        if net.batch:
            wrong.append(("left-out", {"left_out": True}))
        for kind, how in wrong:
            result = by_torch(net, values, fmt, **how)
            if result and all(np.isfinite(g).all() for g in result[1].values()):
                arrays.save(folder / f"{net.name}.{fmt}.{kind}.torch.g.safetensors", result[1], fmt)
    (folder / f"{net.name}.losses.json").write_text(json.dumps(losses, indent=1) + "\n")
    return about


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="", help="networks whose name this finds")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    versions = {"torch": torch.__version__, "jax": jax.__version__, "numpy": np.__version__}
    (options.folder / "versions.json").write_text(json.dumps(versions, indent=1) + "\n")
    families = [chains.nets(), images.nets(), sequences.nets(), single.nets()]
    for net in [net for family in families for net in family]:
        if re.search(options.only, net.name):
            print(net.name, write(net, options.folder), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main()
