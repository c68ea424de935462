package authzgroupfile

import (
	"github.com/headgate/headgate/internal/directive"
	"github.com/headgate/headgate/internal/exchange"
	"github.com/headgate/headgate/internal/expr"
	"github.com/headgate/headgate/internal/freshfile"
	"github.com/headgate/headgate/internal/logsink"
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/passwd"
)

// Providers are the kinds of authorization of the module.
func Providers() []module.AuthzProvider {
	return []module.AuthzProvider{
		{Name: "group", Parse: parseGroup},
		{Name: "file-group", Parse: parseFileGroup},
	}
}

// ids are the message ids of a kind of authorization.
type ids struct{ none, unreadable, groupless, other string }

// member is one of the two kinds: it asks whether the user is in one of some groups.
type member struct {
	wanted func(x *exchange.Exchange) (groups []string, ok bool) // false: it was logged why not
	ids    ids
	file   *freshfile.File[passwd.Groups] // nil without AuthGroupFile
}

var _ module.AuthzBinder = (*member)(nil)

// Bind implements module.AuthzBinder.
func (m *member) Bind(b *module.Builder, d *module.Dir) (module.AuthzCheck, error) {
	bound := *m
	bound.file = fileOf(b, d)
	return &bound, nil
}

func parseGroup(c *directive.Call, line string) (module.AuthzCheck, error) {
	names, err := module.ParseRequireList(c, line)
	if err != nil {
		return nil, err
	}
	wanted := func(x *exchange.Exchange) ([]string, bool) {
		groups, err := names.Words(x)
		if err != nil {
			x.Logf(logsink.Error, "authz_groupfile", "AH02592", "authz_groupfile authorize: require group: Can't evaluate require expression: %v", err)
		}
		return groups, err == nil
	}
	return &member{wanted: wanted, ids: ids{"AH01664", "AH01665", "AH01666", "AH01667"}}, nil
}

// parseFileGroup: httpd ignores arguments.
func parseFileGroup(c *directive.Call, line string) (module.AuthzCheck, error) {
	if line != "" {
		c.Warn("Require file-group takes no arguments: '%s' is ignored", line)
	}
	return &member{wanted: fileGroup, ids: ids{"AH01668", "AH01669", "AH01670", "AH01671"}}, nil
}

// fileGroup returns the group of the file that x is mapped to (httpd:
// authz_owner_get_file_group).
func fileGroup(x *exchange.Exchange) ([]string, bool) {
	name := exchange.AppendVar(nil, expr.ScriptGroup, x)
	if len(name) == 0 {
		x.Logf(logsink.Error, "authz_owner", "AH01642",
			"Authorization of user %s to access %s failed, reason: file group information not available", x.User, x.Path)
	}
	return []string{string(name)}, len(name) > 0
}

// Check implements module.AuthzCheck. httpd: group_check_authorization and
// filegroup_check_authorization.
func (m *member) Check(x *exchange.Exchange) module.Verdict {
	if x.User == nil {
		return module.NeedsUser
	}
	if m.file == nil {
		x.Logf(logsink.Error, "authz_groupfile", m.ids.none, "No group file was specified in the configuration")
		return module.Denied
	}
	held, err := m.file.Get(x.Loop)
	if err != nil {
		x.Logf(logsink.Error, "authz_groupfile", m.ids.unreadable, "Could not open group file: %s: %v", m.file.Name(), err)
		return module.Denied
	}
	in := held[string(x.User)]
	if len(in) == 0 {
		x.Logf(logsink.Error, "authz_groupfile", m.ids.groupless,
			"Authorization of user %s to access %s failed, reason: user doesn't appear in group file (%s).", x.User, x.Path, m.file.Name())
		return module.Denied
	}
	groups, ok := m.wanted(x)
	if !ok {
		return module.Denied
	}
	for _, g := range groups {
		if passwd.In(in, g) {
			return module.Granted
		}
	}
	x.Logf(logsink.Error, "authz_groupfile", m.ids.other,
		"Authorization of user %s to access %s failed, reason: user is not part of the 'require'ed group(s).", x.User, x.Path)
	return module.Denied
}
