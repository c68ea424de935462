// Package corpus judges real configuration files, which are next to the
// repository and are not part of it, and keeps the verdicts as a golden table.
package corpus
