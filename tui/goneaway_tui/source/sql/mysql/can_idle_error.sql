-- MySQL 8.0.24 and later have an error of its own for an idle timeout; the table lists every error the server has.
SELECT ERROR_NUMBER FROM performance_schema.events_errors_summary_global_by_error WHERE ERROR_NUMBER = 4031
