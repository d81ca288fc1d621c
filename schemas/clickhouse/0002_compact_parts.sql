-- Parts of up to 100 MB keep their columns in one file. With a file or two a column, syncing and merging them is most of
-- what a large batch costs the server.
ALTER TABLE feedback MODIFY SETTING min_bytes_for_wide_part = 100000000;
