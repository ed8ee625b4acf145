-- TiDB: how long the node that runs longest has run. START_TIME is local time with its offset: 2020-07-05T09:25:53-06:00.
SELECT 'uptime', MAX(
    TIMESTAMPDIFF(SECOND, REPLACE(LEFT(START_TIME, 19), 'T', ' '), UTC_TIMESTAMP())
    + IF(SUBSTRING(START_TIME, 20, 1) = '-', -1, 1)
        * IF(SUBSTRING(START_TIME, 20, 1) IN ('+', '-'),
             SUBSTRING(START_TIME, 21, 2) * 3600 + SUBSTRING(START_TIME, 24, 2) * 60, 0))
FROM information_schema.cluster_info WHERE TYPE = 'tidb'
