"""The side of the edge that goes and gets: providers that are asked, mailboxes, files, what webhooks only named."""
