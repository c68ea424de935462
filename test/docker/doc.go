// Package docker tests automatic configuration by the containers of a real Docker
// daemon (package dockerd): what is served, when, and that no request fails while
// containers come and go.
package docker
