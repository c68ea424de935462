// Package recipes tests the configurations of docs/recipes: each one is started, the requests printed below it are
// sent, and the results must be those of the page. Both engines run them, and the real httpd if it is
// installed, so that a page is true for both. README.md has the conventions of a page.
package recipes
