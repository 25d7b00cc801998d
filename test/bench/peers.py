"""The networks of networks.cjs in Keras and PyTorch, bare and with what people use there to see their layers.

Usage: python peers.py keras|torch SECONDS NETWORK...   Prints one line of JSON for each network: the median time of a bare
step in milliseconds, and for each habit the ratio to it (median of turns, habits and bare in turns in one process).
"""

import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
TURN_SECONDS = 0.5
STEPS_OF_AN_EPOCH = 20
SHAPES = {
    "digits": ((28, 28, 1), 32),
    "sixConvolutions": ((32, 32, 3), 64),
    "mlp": ((64,), 32),
    "lstm": ((20, 16), 32),
    "residual": ((16, 16, 3), 32),
}


def compare(framework, network, seconds, modes):
    """`modes`: name → a function that trains and returns its number of steps; the first is bare."""
    for train in modes.values():
        train()
    turns = {name: [] for name in modes}
    rounds = max(3, round(seconds / TURN_SECONDS))
    for _ in range(rounds):
        for name, train in modes.items():
            start = time.perf_counter()
            steps = 0
            while time.perf_counter() - start < TURN_SECONDS:
                steps += train()
            turns[name].append((time.perf_counter() - start) / steps)
    bare, *habits = turns
    ratio = lambda name: statistics.median(mine / other for mine, other in zip(turns[name], turns[bare]))
    result = {
        "framework": framework,
        "network": network,
        "bareMs": 1000 * statistics.median(turns[bare]),
        "ratios": {name: ratio(name) for name in habits},
    }
    print(json.dumps(result), flush=True)


def keras_model(network):
    import keras
    from keras import layers as l

    shape, _ = SHAPES[network]
    conv = lambda filters, strides=1: l.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)
    x = start = keras.Input(shape)
    norm = lambda x: l.ReLU()(l.BatchNormalization()(x))
    if network == "digits":
        for filters in (16, 32):
            x = l.MaxPooling2D(2)(norm(conv(filters)(x)))
        x = norm(l.Dense(64, use_bias=False)(l.Flatten()(x)))
    elif network == "sixConvolutions":
        for at, filters in enumerate((16, 16, 32, 32, 64, 64)):
            x = norm(conv(filters, 2 if at in (2, 4) else 1)(x))
        x = l.GlobalAveragePooling2D()(x)
    elif network == "mlp":
        for units in (128, 64):
            x = norm(l.Dense(units, use_bias=False)(x))
    elif network == "lstm":
        x = l.BatchNormalization()(l.LSTM(64)(x))
    else:
        x = norm(conv(16)(x))
        for _ in range(10):
            branch = l.BatchNormalization()(conv(16)(norm(conv(16)(x))))
            x = l.ReLU()(l.Add()([x, branch]))
        x = l.GlobalAveragePooling2D()(x)
    model = keras.Model(start, l.Dense(10, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    return model


def measure_keras(network, seconds):
    import keras
    import numpy
    import tensorflow

    shape, size = SHAPES[network]
    model = keras_model(network)
    x = numpy.random.rand(size * STEPS_OF_AN_EPOCH, *shape).astype("float32")
    y = numpy.random.randint(0, 10, size * STEPS_OF_AN_EPOCH)
    first = tensorflow.constant(x[:size])
    outputs = keras.Model(model.inputs, [layer.output for layer in model.layers[1:]])

    @tensorflow.function
    def moments():
        return [tensorflow.nn.moments(output, list(range(len(output.shape)))) for output in outputs(first)]

    class Moments(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            for mean, variance in moments():
                mean.numpy(), variance.numpy()

    def fit(callbacks):
        def train():
            model.fit(x, y, batch_size=size, verbose=0, shuffle=False, callbacks=callbacks)
            return STEPS_OF_AN_EPOCH

        return train

    modes = {"bare": fit([]), "a second model, moments": fit([Moments()])}
    if importlib.util.find_spec("tensorboard") is not None:
        logs = tempfile.mkdtemp()
        modes["TensorBoard, weights once in 20 steps"] = fit([keras.callbacks.TensorBoard(logs, histogram_freq=1)])
    compare(f"Keras {keras.__version__}", network, seconds, modes)


def torch_model(network):
    from torch import nn

    conv = lambda before, after, stride=1: nn.Conv2d(before, after, 3, stride=stride, padding=1, bias=False)
    norm2d = lambda channels: nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
    if network == "digits":
        return nn.Sequential(
            *(conv(1, 16), norm2d(16), nn.MaxPool2d(2), conv(16, 32), norm2d(32), nn.MaxPool2d(2), nn.Flatten()),
            *(nn.Linear(1568, 64, bias=False), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 10)),
        )
    if network == "sixConvolutions":
        before, blocks = 3, []
        for at, filters in enumerate((16, 16, 32, 32, 64, 64)):
            blocks += [conv(before, filters, 2 if at in (2, 4) else 1), norm2d(filters)]
            before = filters
        return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
    if network == "mlp":
        part = lambda before, after: (nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU())
        return nn.Sequential(*part(64, 128), *part(128, 64), nn.Linear(64, 10))
    if network == "lstm":

        class Last(nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm = nn.LSTM(16, 64, batch_first=True)
                self.head = nn.Sequential(nn.BatchNorm1d(64), nn.Linear(64, 10))

            def forward(self, x):
                return self.head(self.lstm(x)[0][:, -1])

        return Last()

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.branch = nn.Sequential(conv(16, 16), norm2d(16), conv(16, 16), nn.BatchNorm2d(16))
            self.relu = nn.ReLU()

        def forward(self, x):
            return self.relu(x + self.branch(x))

    ends = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))
    return nn.Sequential(conv(3, 16), norm2d(16), *(Block() for _ in range(10)), *ends)


def measure_torch(network, seconds):
    import torch

    shape, size = SHAPES[network]
    model = torch_model(network)
    optimizer = torch.optim.Adam(model.parameters())
    loss_of = torch.nn.CrossEntropyLoss()
    x = torch.rand(size, *(shape if len(shape) < 3 else (shape[2], *shape[:2])))
    y = torch.randint(0, 10, (size,))
    watched = [module for module in model.modules() if not list(module.children())]
    seen = []

    def look(module, inputs, output):
        values = (output[0] if isinstance(output, tuple) else output).detach()
        zeros = (values == 0).float().mean()
        seen.append(torch.stack([values.mean(), values.var(), values.min(), values.max(), zeros, values.isnan().sum()]).tolist())

    def step():
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        loss.item()
        return 1

    def hooked():
        handles = [module.register_forward_hook(look) for module in watched]
        steps = sum(step() for _ in range(STEPS_OF_AN_EPOCH))
        for handle in handles:
            handle.remove()
        seen.clear()
        return steps

    bare = lambda: sum(step() for _ in range(STEPS_OF_AN_EPOCH))
    compare(f"PyTorch {torch.__version__.split('+')[0]}", network, seconds, {"bare": bare, "forward hooks, six numbers": hooked})


def main():
    framework, seconds, *networks = sys.argv[1:]
    if importlib.util.find_spec(framework) is None:
        print(json.dumps({"leftOut": framework, "reason": f"{sys.executable} has no module {framework}"}))
        return
    for network in networks:
        {"keras": measure_keras, "torch": measure_torch}[framework](network, float(seconds))


main()
