"""Recordings: a database file of samples and departures, its writer and its reader.

    lines             what is in it: lines of JSON in the sealed pieces of streams
    database          the file, and what is left of a damaged one
    writer, reader    what the rest of the program uses

A recording is cut into segments of some minutes. Each begins with everything and goes on with changes, so that any
instant is found by reading one segment, and the oldest can be deleted.
"""
