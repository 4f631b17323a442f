{
  # One Node-API binary for every Node version and for Workers. It keeps its debug information: a debugger needs the
  # type of sleeper_mailbox for `set var sleeper_mailbox = 1`.
  'targets': [
    {
      'target_name': 'sleeper',
      'sources': [
        'native/addon.cc',
        'native/agent/agent_socket.cc',
        'native/agent/capture.cc',
        'native/agent/debugger_calls.cc',
        'native/agent/helper_process.cc',
        'native/agent/isolate_registry.cc',
        'native/agent/tracer_check.cc',
        'native/agent/json_line.cc',
        'native/agent/notes.cc',
        'native/agent/settings.cc',
        'native/agent/sleeping_thread.cc',
        'native/agent_connection.cc',
        'native/process_memory.cc',
        'native/ptrace_stop.cc',
      ],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'defines': ['NAPI_VERSION=8', 'NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS', '_GNU_SOURCE'],
      'cflags!': ['-fexceptions'],
      'cflags_cc!': ['-fexceptions', '-std=gnu++17', '-std=gnu++20'],
      'cflags': ['-g', '-Wall', '-Wextra', '-fvisibility=hidden', '-fno-omit-frame-pointer'],
      # The sleeping thread must not lose its code when the Worker that loaded it ends.
      'ldflags': ['-Wl,-z,nodelete'],
      'cflags_cc': ['-std=c++20', '-fno-exceptions', '-fno-rtti'],
    },
  ],
}
