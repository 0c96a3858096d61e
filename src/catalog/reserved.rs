//! Names that a parameter must not have, because the shell or a tool of the
//! system reads the variable: a parameter called `path` takes every command away.

/// Who reads what. A name that ends in `*` stands for all that begin with it.
const READERS: &[(&str, &str)] = &[
    ("Groundcrew itself", "groundcrew* gc_*"),
    (
        "the shell",
        "path home ifs env shell pwd oldpwd cdpath ppid ps0 ps1 ps2 ps3 ps4 optind optarg \
         optopt opterr lineno random seconds uid euid groups shlvl mail mailpath mailcheck \
         histfile histsize histcontrol fcedit fignore globignore execignore ignoreeof \
         inputrc lines columns reply funcname funcnest pipestatus dirstack shellopts \
         prompt_command promptvars timeformat tmout posixly_correct bash*",
    ),
    ("the system's login", "user logname username term display xauthority"),
    ("programs that make temporary files", "tmp tmpdir tempdir temp"),
    (
        "the C library",
        "lang language lc_* ld_* tz tzdir locpath nlspath localdomain hostaliases \
         res_options resolv_* gconv_path glibc_* malloc_* getconf_dir",
    ),
    ("apt, dpkg and debconf", "apt_* dpkg_* deb_* debian_* debconf_* ucf_* needrestart_*"),
    (
        "systemd",
        "systemd_* listen_* watchdog_* notify_socket invocation_id journal_stream mainpid \
         managerpid credentials_directory runtime_directory state_directory cache_directory \
         logs_directory configuration_directory memory_pressure_* monitor_* dbus_* xdg_*",
    ),
    (
        "sudo and ssh",
        "sudo_* ssh_auth_sock ssh_agent* ssh_askpass* ssh_client ssh_connection \
         ssh_original_command ssh_sk_* ssh_tty ssh_user_auth",
    ),
    (
        "programs that use a proxy",
        "http_proxy https_proxy ftp_proxy rsync_proxy all_proxy no_proxy",
    ),
    (
        "programs that open an editor, a pager or a browser",
        "editor visual pager manpager less* more browser",
    ),
    (
        "the core utilities",
        "block_size blocksize df_block_size du_block_size ls_block_size ls_colors grep_* \
         time_style quoting_style tabsize version_control simple_backup_suffix tar_options \
         gzip bzip bzip2 xz_* zstd_* modprobe_options",
    ),
    (
        "TLS libraries and download tools",
        "ssl_* openssl_* sslkeylogfile curl_* wgetrc system_wgetrc netrc gnupghome gpg_*",
    ),
    (
        "interpreters",
        "perl* python* ruby* gem_* bundle_* node_options node_path node_extra_ca_certs \
         npm_* java_home java_opts java_tool_options classpath jdk_java_options phprc \
         php_ini_scan_dir lua_* tcllibpath awkpath awklibpath",
    ),
    ("git", "git_*"),
    ("nginx", "nginx"),
];

/// Who reads the variable of a parameter with this name, if anyone does.
pub fn reader_of(name: &str) -> Option<&'static str> {
    let is_meant = |pattern: &str| match pattern.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == pattern,
    };
    READERS.iter().find(|(_, names)| names.split(' ').any(is_meant)).map(|(who, _)| *who)
}

#[cfg(test)]
mod tests {
    use super::reader_of;

    /// Promise 10: what a shell or apt would read is refused, what a job wants is not.
    #[test]
    fn dangerous_names_are_reserved() {
        for name in [
            "path",
            "home",
            "ifs",
            "lang",
            "ld_preload",
            "lc_all",
            "bash_env",
            "apt_config",
            "dpkg_root",
            "debian_frontend",
            "env",
            "ps4",
            "groundcrew_key",
            "http_proxy",
            "perl5lib",
            "pythonpath",
            "rubyopt",
            "shellopts",
            "tmpdir",
            "gc_step",
            "nginx",
        ] {
            assert!(reader_of(name).is_some(), "{name}");
        }
        for name in
            ["app_user", "domain", "port", "ssh_port", "hostname", "php_version", "pathname"]
        {
            assert_eq!(reader_of(name), None, "{name}");
        }
    }
}
