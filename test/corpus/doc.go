// Package corpus judges real configuration files, which are next to the
// repository and are not part of it, and keeps the verdicts as a golden table.
// Those that users wrote and that start, once what is not built yet is taken
// out of them, are sent requests, and so is the real httpd with the same file.
package corpus
