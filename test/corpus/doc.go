// Package corpus judges real configuration files, which lie beside the
// repository and are not part of it, and keeps the verdicts as a golden table.
package corpus
