"""The HTTP app that takes requests in, and answers only when what they brought is durable."""
