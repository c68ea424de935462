// Package authzgroupfile is mod_authz_groupfile: AuthGroupFile, Require group and
// Require file-group.
//
// Providers are given to authzcore.New. What a Require line means depends on the
// AuthGroupFile of the sections that it is asked in, so it is bound to them.
//
// Imports module and what is below it.
package authzgroupfile
