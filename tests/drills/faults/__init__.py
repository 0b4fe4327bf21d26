"""The drills, a module for each kind of fault; every module here is found and run by itself."""
