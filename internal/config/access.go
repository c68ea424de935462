package config

import (
	"errors"
	"fmt"

	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/snapshot"
	"github.com/headgate/headgate/internal/source"
)

// accessReader reads .htaccess files of a server: with the modules, variables and macros of the
// configuration. What it holds is not changed any more.
type accessReader struct {
	source *source.Result
	table  *directive.Table
	opts   directive.Options
	build  *module.Builder
}

// of returns how those of one site are read.
func (r *accessReader) of(s *module.Server) *snapshot.Access {
	return &snapshot.Access{
		Names: core.AccessNames(s.Conf),
		Parse: func(t snapshot.AccessText) (snapshot.Section, error) { return r.parse(s, t) },
	}
}

// parse makes a section of a file. httpd: the whole is read first, with the directives that are
// executed meanwhile, and then applied up to the first error.
func (r *accessReader) parse(s *module.Server, t snapshot.AccessText) (snapshot.Section, error) {
	read := r.source.ReadAccess(t.File, t.Text, func(name, within string) (string, bool) {
		row := r.table.Lookup(name)
		if row == nil {
			return "", false
		}
		return t.May.Refuses(row, within)
	})
	for _, d := range read.Warnings {
		r.warn(s, directive.Diagnostic{Diagnostic: d})
	}
	if len(read.Errors) > 0 {
		d := read.Errors[0]
		return snapshot.Section{}, errors.New(d.Text)
	}
	scope, found := directive.ApplyAccess(read.Root, r.table, r.opts, s.Scope, t.Dir, t.May)
	for _, d := range found {
		if d.Blocks() {
			return snapshot.Section{}, complaint(d)
		}
		if d.Severity == directive.SeverityWarning {
			r.warn(s, d)
		}
	}
	return core.AccessSection(r.build, scope), nil
}

// complaint is what httpd says of an error, or why the directive is not supported.
func complaint(d directive.Diagnostic) error {
	if d.Severity == directive.SeverityError {
		return errors.New(d.Complaint())
	}
	return fmt.Errorf("%s: %s", d.Directive, d.Text)
}

// warn logs a warning once for each version of the file.
func (r *accessReader) warn(s *module.Server, d directive.Diagnostic) {
	s.Site.Log.Logf(logsink.Record{Level: logsink.Warn, Module: "core", ID: d.ID}, "%s (%s)", d.Text, d.Pos)
}
