"""Files and directories as IPFS names them: each has the CID that any IPFS tool gives it."""
