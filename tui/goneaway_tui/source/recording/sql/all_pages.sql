-- Pages of the file, unused ones included.
SELECT page_count FROM pragma_page_count
