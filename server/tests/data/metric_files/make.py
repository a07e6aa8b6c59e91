#!/usr/bin/env python3
"""Writes the event files beside it by TensorBoard's own writers, and what TensorBoard reads in each.

pip install tensorboard tensorboardX torch; python3 make.py
"""
import json
import math
import os
import shutil
import struct

HERE = os.path.dirname(os.path.abspath(__file__))


def torch_writer(folder):
    """PyTorch: simple values, a group in folders of its own, text, a histogram, a picture."""
    import torch
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder)
    for step in range(1, 6):
        writer.add_scalar("train/loss", 1 / step, step * 10)
        writer.add_scalars("Loss", {"train": 1 / step, "val": 2 / step}, step)
    writer.add_scalar("odd", math.nan, 1)
    writer.add_scalar("odd", math.inf, 2)
    writer.add_scalar("new_style", 0.1, 7, new_style=True)
    writer.add_scalar("double", 0.1, 7, new_style=True, double_precision=True)
    writer.add_text("note", "hello", 1)
    writer.add_histogram("weights", torch.arange(10.0), 1)
    writer.add_image("picture", torch.zeros(3, 4, 4), 1)
    writer.add_hparams({"lr": 0.1}, {"hparam/accuracy": 0.5}, run_name="hparams")
    writer.close()


def tensorboardx_writer(folder):
    from tensorboardX import SummaryWriter

    writer = SummaryWriter(folder)
    for step in range(3):
        writer.add_scalar("acc", step / 4, step)
    writer.close()


def tensor_writer(folder):
    """As TensorFlow 2 and Keras: tensors, of which only the first has the plugin's name."""
    from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(folder)
    kinds = {
        "float": dict(dtype=types_pb2.DT_FLOAT, float_val=[0.25]),
        "content": dict(dtype=types_pb2.DT_FLOAT, tensor_content=struct.pack("<f", 0.3)),
        "double": dict(dtype=types_pb2.DT_DOUBLE, double_val=[0.1]),
        "int64": dict(dtype=types_pb2.DT_INT64, int64_val=[7]),
    }
    for step in range(2):
        values = []
        for tag, tensor in kinds.items():
            value = summary_pb2.Summary.Value(tag=tag, tensor=tensor_pb2.TensorProto(**tensor))
            if step == 0:
                value.metadata.plugin_data.plugin_name = "scalars"
            values.append(value)
        text = summary_pb2.Summary.Value(
            tag="text", tensor=tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[b"x"])
        )
        text.metadata.plugin_data.plugin_name = "text"
        writer.add_event(
            event_pb2.Event(step=step, summary=summary_pb2.Summary(value=[*values, text]))
        )
    writer.close()


def expected(folder):
    """What TensorBoard's own reader finds, by file: [tag, step, value]."""
    from tensorboard.backend.event_processing import event_file_loader
    from tensorboard.util import tensor_util

    found = {}
    for place, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(place, name)
            scalars = set()
            points = []
            for event in event_file_loader.EventFileLoader(path).Load():
                for value in event.summary.value:
                    if value.metadata.plugin_data.plugin_name == "scalars":
                        scalars.add(value.tag)
                    if value.tag in scalars:
                        number = float(tensor_util.make_ndarray(value.tensor).reshape(-1)[0])
                        points.append([value.tag, event.step, repr(number)])
            found[os.path.relpath(path, HERE)] = points
    return found


def main():
    all_points = {}
    for name, write in [
        ("torch", torch_writer),
        ("tensorboardx", tensorboardx_writer),
        ("tensors", tensor_writer),
    ]:
        folder = os.path.join(HERE, "events", name)
        shutil.rmtree(folder, ignore_errors=True)
        write(folder)
        # The name has the machine's in it.
        count = 0
        for place, _, names in sorted(os.walk(folder)):
            for name in sorted(names):
                count += 1
                os.rename(
                    os.path.join(place, name),
                    os.path.join(place, f"events.out.tfevents.{count}"),
                )
        all_points.update(expected(folder))
    with open(os.path.join(HERE, "events", "expected.json"), "w") as file:
        json.dump(all_points, file, indent=1)
        file.write("\n")


main()
