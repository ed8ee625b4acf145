"""What was seen, kept: a recorder, the recording it makes, and a replay of it.

    shape     facts as JSON and back, by their annotations          rows     facts as rows, what is told once told once
    delta     samples as what changed since the one before          tape     lines in sealed pieces of a deflate stream
    pages     what is left of a damaged file                        store    the file
    recorder, recording, replay                                     what the rest of the program uses

A recording is cut into segments of some minutes. Each begins with everything and goes on with changes, so that any
instant is found by reading one segment, and the oldest can be forgotten.
"""
