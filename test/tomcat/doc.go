// Package tomcat plays requests through AJP to real Tomcats, one or two of them. They run the examples that belong to
// Tomcat and a small application of this folder.
package tomcat
