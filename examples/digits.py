#!/usr/bin/env python3
"""Learn to read handwritten digits, with Python's standard library alone.

A small neural network (a multilayer perceptron) is trained by mini-batch gradient descent on 8x8 pictures of
handwritten digits and tested, after every epoch, on pictures that it has not seen:

    python3 digits.py --learning_rate 0.2 --batch_size 16 --epochs 20

Each epoch prints one line, from which Sweep Planner (or anything else) reads the metrics:

    epoch=20 loss=0.0390 accuracy=0.9621

The same arguments always give the same numbers on the same Python. data/README.md says where the pictures come from.
"""

import argparse
import csv
import gzip
import math
import operator
import os
import random

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = 10
HIDDEN_UNITS = 32
TEST_SHARE = 0.25
BRIGHTEST = 16  # the largest value of a pixel in the data


def main():
    options = parse_options()
    generator = random.Random(options.seed)
    training, testing = load_digits(options.data_dir, generator)
    network = Network(options.layers, generator)
    print(f"learning from {len(training)} digits, testing on {len(testing)}", flush=True)
    for epoch in range(1, options.epochs + 1):
        loss = train_one_epoch(network, training, options.batch_size, options.learning_rate, generator)
        accuracy = measure_accuracy(network, testing)
        print(f"epoch={epoch} loss={loss:.4f} accuracy={accuracy:.4f}", flush=True)


def parse_options():
    parser = argparse.ArgumentParser(description="Learn to read handwritten digits.")
    parser.add_argument("--batch_size", type=whole(1), default=32, help="pictures per step (default 32)")
    parser.add_argument("--learning_rate", type=positive, default=0.2, help="length of a step (default 0.2)")
    parser.add_argument("--layers", type=whole(0), default=1, help=f"hidden layers of {HIDDEN_UNITS} units (default 1)")
    parser.add_argument("--epochs", type=whole(1), default=20, help="passes over the training pictures (default 20)")
    parser.add_argument("--data_dir", default=os.path.join(HERE, "data"), help="folder of digits.csv.gz")
    parser.add_argument("--seed", type=int, default=0, help="of the split, the first weights and the order (default 0)")
    return parser.parse_args()


def whole(least):
    """A check for argparse: a whole number, `least` or more."""

    def check(text):
        number = int(text)
        if number < least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return number

    return check


def positive(text):
    """A check for argparse: a finite number above zero."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a number above 0")
    return number


def load_digits(folder, generator):
    """The pictures as (pixels from 0 to 1, digit), shuffled and split into those to learn from and those to test on."""
    path = os.path.join(folder, "digits.csv.gz")
    if not os.path.exists(path):
        raise SystemExit(f"digits.py: there is no {path}; --data_dir names the folder that holds digits.csv.gz")
    with gzip.open(path, "rt", newline="") as file:
        rows = [[int(field) for field in row] for row in csv.reader(file)]
    digits = [([pixel / BRIGHTEST for pixel in row[:-1]], row[-1]) for row in rows]
    generator.shuffle(digits)
    held_out = round(len(digits) * TEST_SHARE)
    return digits[held_out:], digits[:held_out]


class Network:
    """Fully connected layers: rectified linear units, then a softmax over the ten digits."""

    def __init__(self, hidden_layers, generator):
        sizes = [64] + [HIDDEN_UNITS] * hidden_layers + [CLASSES]
        self.weights = []  # per layer: a row of input weights for each of its units
        self.biases = []
        for inputs, units in zip(sizes, sizes[1:]):
            spread = math.sqrt(2 / inputs)  # He et al. 2015: keeps the signal's size from layer to layer
            self.weights.append([[generator.gauss(0, spread) for _ in range(inputs)] for _ in range(units)])
            self.biases.append([0.0] * units)

    def forward(self, pictures):
        """The values of every layer, from the pictures themselves to the probability of each digit."""
        values = [pictures]
        for layer, (weights, biases) in enumerate(zip(self.weights, self.biases), start=1):
            sums = [[total + bias for total, bias in zip(row, biases)] for row in product(values[-1], weights)]
            last = layer == len(self.weights)
            values.append([softmax(row) if last else [max(0.0, number) for number in row] for row in sums])
        return values

    def step(self, pictures, labels, rate):
        """One step of gradient descent on a batch, `rate` for each picture; returns the sum of its losses."""
        values = self.forward(pictures)
        loss = -sum(math.log(max(row[label], 1e-12)) for row, label in zip(values[-1], labels))
        # The slope of the cross-entropy before the softmax is the probability less 1 at the true digit.
        slopes = [[p - (digit == label) for digit, p in enumerate(row)] for row, label in zip(values[-1], labels)]
        for layer in reversed(range(len(self.weights))):
            weights, inputs = self.weights[layer], values[layer]
            by_unit = transpose(slopes)
            if layer > 0:  # first, since the step below changes the weights
                blame = product(slopes, transpose(weights))
                slopes = [[b if v > 0 else 0.0 for b, v in zip(*rows)] for rows in zip(blame, inputs)]
            gradient = product(by_unit, transpose(inputs))
            self.weights[layer] = [[w - rate * g for w, g in zip(*rows)] for rows in zip(weights, gradient)]
            self.biases[layer] = [bias - rate * sum(unit) for bias, unit in zip(self.biases[layer], by_unit)]
        return loss


def train_one_epoch(network, training, batch_size, learning_rate, generator):
    """One pass over the training pictures in a new order; returns the mean loss."""
    generator.shuffle(training)
    loss = 0.0
    for start in range(0, len(training), batch_size):
        pictures, labels = zip(*training[start : start + batch_size])
        loss += network.step(pictures, labels, learning_rate / batch_size)  # so a last, smaller batch counts for less
    return loss / len(training)


def measure_accuracy(network, testing):
    """The share of the test pictures whose digit gets the highest probability."""
    pictures, labels = zip(*testing)
    probabilities = network.forward(pictures)[-1]
    return sum(row[label] == max(row) for row, label in zip(probabilities, labels)) / len(labels)


def product(rows, columns):
    """The matrix product, its second factor given by its columns: every row times every column."""
    return [[sum(map(operator.mul, row, column)) for column in columns] for row in rows]


def transpose(rows):
    return list(zip(*rows))


def softmax(row):
    highest = max(row)
    powers = [math.exp(number - highest) for number in row]
    total = sum(powers)
    return [power / total for power in powers]


if __name__ == "__main__":
    main()
