@rem npm scripts begin with exec, so that no shell stands between npm's signals and Node. cmd has none: here it is.
@%*
