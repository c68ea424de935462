// Package recipes plays the configurations of docs/recipes: each one is started, the requests printed below it are
// sent, and what comes back must be what the page says. Both engines play them, and the real httpd where it is
// installed, so that a page is true of both. README.md has the conventions of a page.
package recipes
