"""Objects that members hold for one another, as far as the chain tells of them."""
