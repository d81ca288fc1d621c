"""What has to be remembered beside the log and the warehouse: hash keys, open conversations, discarded failures."""
