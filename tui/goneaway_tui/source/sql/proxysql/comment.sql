-- ProxySQL's admin port answers this very text, and says that it is one.
select @@version_comment limit 1
