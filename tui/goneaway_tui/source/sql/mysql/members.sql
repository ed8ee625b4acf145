-- The other members of the replication group; a server in none has no row, or before 8.0 one without an id.
SELECT MEMBER_HOST AS host, MEMBER_PORT AS port, MEMBER_ID AS uuid
FROM performance_schema.replication_group_members
WHERE MEMBER_ID NOT IN ('', @@GLOBAL.server_uuid)
