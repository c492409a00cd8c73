package wsman

import (
	"bytes"
	"encoding/json"
)

// AnsibleModule is a module that Ansible wants run: its name, qualified or
// not, and its arguments without those of Ansible itself.
type AnsibleModule struct {
	Name      string
	Arguments map[string]any
}

// DecodeAnsible reads the standard input of the PowerShell that Ansible starts
// for a module: its wrapper script, four NUL bytes, and JSON with the module
// and its arguments.
func DecodeAnsible(stdin []byte) (AnsibleModule, bool) {
	_, payload, found := bytes.Cut(stdin, []byte{0, 0, 0, 0})
	var wrapped struct {
		Arguments map[string]any `json:"module_args"`
	}
	if !found || json.Unmarshal(bytes.Trim(payload, "\x00\r\n "), &wrapped) != nil {
		return AnsibleModule{}, false
	}
	const own = "_ansible_"
	module := AnsibleModule{Arguments: map[string]any{}}
	module.Name, _ = wrapped.Arguments[own+"module_name"].(string)
	for name, value := range wrapped.Arguments {
		if len(name) < len(own) || name[:len(own)] != own {
			module.Arguments[name] = value
		}
	}
	return module, module.Name != ""
}
