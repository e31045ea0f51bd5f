{
  'target_defaults': {
    'include_dirs': ['native/engine', 'native/binding'],
    'defines': ['NAPI_VERSION=9', '_FILE_OFFSET_BITS=64'],
    'cflags!': ['-Wno-unused-parameter'],
    'cflags': [
      '-O3',
      '-Wall',
      '-Wextra',
      '-Werror',
      '-fvisibility=hidden',
      '-ffunction-sections',
      '-fdata-sections',
      '-fno-gnu-unique',
      '-ffile-prefix-map=<(module_root_dir)/='
    ],
    # Node's own headers ask for a newer standard from one version to the next; ours stays.
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20', '-std=gnu++23'],
    'cflags_cc': ['-std=c++17', '-fno-exceptions', '-fno-rtti', '-fvisibility-inlines-hidden']
  },
  'targets': [
    {
      # Of its own, so that a new hash compiles one file anew and not all.
      'target_name': 'calls',
      'type': 'static_library',
      'sources': ['native/engine/calls.cc'],
      'defines': ['KEVENT_SOURCE_HASH="<!(node native/build/source-hash.js)"']
    },
    {
      'target_name': 'kevent',
      'dependencies': ['calls'],
      'sources': ['<!@(node native/build/sources.js)'],
      'ldflags': [
        '-static-libstdc++',
        '-static-libgcc',
        '-pthread',
        '-Wl,--version-script=<(module_root_dir)/native/build/exports.map',
        '-Wl,--gc-sections',
        '-Wl,-z,relro,-z,now',
        # A signal handler may be chained to by others for ever: the code must stay where it is.
        '-Wl,-z,nodelete',
        '-Wl,-O1'
      ]
    }
  ]
}
