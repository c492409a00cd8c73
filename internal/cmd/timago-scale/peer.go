//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The peer is Ansible as Debian packages it, which a person would take instead: its win_ping
// beside a plan, and its win_reboot beside restarts with proof and read-back.
const (
	peerPings   = 500
	peerReboots = 50
	peerForks   = 50
)

// What is measured beside the peer.
const (
	whatPing   = "ansible-ping"
	whatReboot = "ansible-reboot"
	// whatFirstRestarts are restarts of which it is not known yet that they bring new ids: one
	// station goes first.
	whatFirstRestarts = "first-restarts"
)

// errNoPeer is for those who ask for it without having it.
var errNoPeer = errors.New("ansible is not there: install Debian's packages ansible and python3-winrm, as `make bench-peer` does where it may")

// peer measures the same work done by Ansible and by the provider, on stations that are
// described the same.
func (s settings) peer(ctx context.Context, table *table) error {
	if _, err := exec.LookPath("ansible"); err != nil {
		return errNoPeer
	}
	ping, plan, err := s.pingOrPlan(ctx)
	if err != nil {
		return err
	}
	table.beside(ping, plan)
	reboot, err := s.reboot(ctx)
	if err != nil {
		return err
	}
	first, known, err := s.restartsTwice(ctx)
	if err != nil {
		return err
	}
	table.beside(reboot, first, known)
	return nil
}

// pingOrPlan asks stations by win_ping, and then plans a pool of them.
func (s settings) pingOrPlan(ctx context.Context) (ping, plan measurement, err error) {
	site, err := openSite(ctx, 1, peerPings, licensed)
	if err != nil {
		return ping, plan, err
	}
	defer site.close()
	if ping, err = measured(ctx, site, whatPing, peerPings, func() (usage, error) {
		return ansible(ctx, site.schools[0], "win_ping", peerPings)
	}); err != nil {
		return ping, plan, err
	}
	w, err := s.workspace(site.schools[0], s.provider, "")
	if err != nil {
		return ping, plan, err
	}
	defer w.remove()
	plan, err = measured(ctx, site, whatPlan, peerPings, func() (usage, error) { return w.run(ctx, 2, "plan", "-detailed-exitcode") })
	return ping, plan, err
}

func (s settings) reboot(ctx context.Context) (measurement, error) {
	site, err := openSite(ctx, 1, peerReboots, restarting)
	if err != nil {
		return measurement{}, err
	}
	defer site.close()
	return measured(ctx, site, whatReboot, peerReboots, func() (usage, error) {
		return ansible(ctx, site.schools[0], "win_reboot", peerReboots)
	})
}

// restartsTwice has the stations of a site restarted by a pool that knows nothing of them,
// and those of the same site, as it was, by the same pool, which remembers now that restarts
// bring new ids.
func (s settings) restartsTwice(ctx context.Context) (first, known measurement, err error) {
	var w *workspace
	once := func(what string) (measurement, error) {
		site, err := openSite(ctx, 1, peerReboots, restarting)
		if err != nil {
			return measurement{}, err
		}
		defer site.close()
		if w == nil {
			w, err = s.workspace(site.schools[0], s.provider, restartsTo(peerReboots))
		} else {
			err = w.configure(site.schools[0], restartsTo(peerReboots))
		}
		if err != nil {
			return measurement{}, err
		}
		return measured(ctx, site, what, peerReboots, func() (usage, error) { return w.run(ctx, 0, "apply", "-auto-approve") })
	}
	if first, err = once(whatFirstRestarts); err == nil {
		known, err = once(whatRestarts)
	}
	if w != nil {
		w.remove()
	}
	return first, known, err
}

// ansible runs a module on all stations of a school. Its memory is that of all its
// processes, shared pages divided among those that share them.
func ansible(ctx context.Context, of school, module string, stations int) (usage, error) {
	dir, err := os.MkdirTemp("", "timago-peer-")
	if err != nil {
		return usage{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	hosts, err := of.hosts()
	if err != nil {
		return usage{}, err
	}
	for name, content := range map[string]string{"hosts.yaml": hosts, "openssl.cnf": legacyOpenSSL} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			return usage{}, err
		}
	}
	command := exec.CommandContext(ctx, "ansible", "all", "-i", "hosts.yaml", "-o", "-f", strconv.Itoa(peerForks), "-m", "ansible.windows."+module) //nolint:gosec // the module is a constant
	command.Dir = dir
	command.Env = append(os.Environ(), "HOME="+dir, "OPENSSL_CONF="+filepath.Join(dir, "openssl.cnf"), "LC_ALL=C.UTF-8", "ANSIBLE_NOCOLOR=1", "no_proxy=*")
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	memory, err := watched(command)
	said := output.String()
	if did := strings.Count(said, "| SUCCESS =>") + strings.Count(said, "| CHANGED =>"); err != nil || did != stations {
		return usage{}, fmt.Errorf("ansible did %s on %d of %d stations: %w\n%s", module, did, stations, err, said[:min(len(said), 2000)])
	}
	taken := usageOf(command.ProcessState)
	taken.RSS, taken.WithCLI = memory, taken.CPU
	return taken, nil
}

// hosts is an inventory for Ansible.
func (s school) hosts() (string, error) {
	hosts := map[string]any{}
	for i, name := range s.Stations {
		hosts[name] = map[string]any{"ansible_host": s.Address[i]}
	}
	text, err := json.Marshal(map[string]any{"all": map[string]any{"hosts": hosts, "vars": map[string]any{
		"ansible_connection": "winrm", "ansible_port": s.Port, "ansible_user": s.User, "ansible_password": password,
		"ansible_winrm_scheme": "http", "ansible_winrm_transport": "ntlm", "ansible_winrm_message_encryption": "always",
	}}})
	return string(text), err
}

// legacyOpenSSL has OpenSSL 3 compute MD4, which NTLM is made of.
const legacyOpenSSL = `openssl_conf = conf
[conf]
providers = providers
[providers]
default = on
legacy = on
[on]
activate = 1
`

// watched runs a command to its end, and gives the most memory that it and its children had.
func watched(command *exec.Cmd) (memory int64, err error) {
	if err := command.Start(); err != nil {
		return 0, err
	}
	ended, most := make(chan struct{}), make(chan int64)
	go func() {
		ticker := time.NewTicker(200 * time.Millisecond)
		defer ticker.Stop()
		var largest int64
		for {
			largest = max(largest, memoryOf(command.Process.Pid))
			select {
			case <-ended:
				most <- largest
				return
			case <-ticker.C:
			}
		}
	}()
	err = command.Wait()
	close(ended)
	return <-most, err
}

// memoryOf adds up the memory of a process and of all that it started. One that has ended
// meanwhile has none.
func memoryOf(pid int) int64 {
	var sum int64
	rollup, _ := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	for line := range strings.Lines(string(rollup)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "Pss: %d kB", &kilobytes); err == nil {
			sum += kilobytes << 10
		}
	}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		children, _ := os.ReadFile(task) //nolint:gosec // of a process that this one started
		for child := range strings.FieldsSeq(string(children)) {
			if n, err := strconv.Atoi(child); err == nil {
				sum += memoryOf(n)
			}
		}
	}
	return sum
}
