"""Recordings: a database file of samples and departures, its writer, its reader and the replay.

    facts       samples and departures as lines of JSON     streams     lines in sealed pieces of a deflate stream
    database    the file, and what is left of a damaged one
    writer, reader                                          what the rest of the program uses

A recording is cut into segments of some minutes. Each begins with everything and goes on with changes, so that any
instant is found by reading one segment, and the oldest can be deleted.
"""
