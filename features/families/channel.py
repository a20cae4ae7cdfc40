"""Where a customer buys."""

import numpy as np

from features.families.basket import distinct, entropy, top_share, where_any
from features.families.feature import Feature

FEATURES = (
    Feature(
        "distinct_channels",
        "channels",
        "channel",
        "Different channels bought through so far.",
        "channel",
        "{value} different channels were used so far.",
        distinct("channel"),
        needs="channel",
    ),
    Feature(
        "top_channel_share",
        "ratio",
        "channel",
        "Share of lines bought through the most used channel.",
        "channel",
        "Of all lines a share of {value} came through the usual channel.",
        top_share("channel"),
        needs="channel",
    ),
    Feature(
        "channel_entropy",
        "nats",
        "channel",
        "Entropy of the channels of all lines; 0 where all came through one.",
        "channel",
        "On a scale from 0 (always the same) upwards the mix of channels stands at {value}.",
        entropy("channel"),
        needs="channel",
    ),
    Feature(
        "last_channel_is_usual",
        "0 or 1",
        "channel",
        "1 where the latest line came through a channel used as often as any other.",
        "channel",
        "Whether the latest order came through the usual channel (1 is yes): {value}.",
        lambda at: where_any(at, "channel", np.asarray(at.state("channel_latest_is_top"), float)),
        needs="channel",
    ),
)
