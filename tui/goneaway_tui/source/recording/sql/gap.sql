-- Where streams break off: beside the pieces, so that memory holds none of them.
CREATE TEMP TABLE gap (segment INTEGER, track INTEGER, first INTEGER)
