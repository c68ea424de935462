// Package modules is the list of what this server can do.
//
// Imports every module.
package modules

import (
	"github.com/headgate/headgate/internal/module"
	"github.com/headgate/headgate/internal/modules/core"
	"github.com/headgate/headgate/internal/modules/logconfig"
	"github.com/headgate/headgate/internal/modules/mpm"
	"github.com/headgate/headgate/internal/modules/proxy"
	"github.com/headgate/headgate/internal/modules/unixd"
)

// All is the list of modules in the order they are asked. It is the feature
// list: nothing registers itself.
func All() []*module.Module {
	return []*module.Module{
		core.New(),
		mpm.New(),
		unixd.New(),
		logconfig.New(),
		proxy.New(),
		proxy.NewHTTP(),
	}
}
