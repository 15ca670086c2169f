"""Where pictures come from: files, folders, arrays, videos and cameras."""
