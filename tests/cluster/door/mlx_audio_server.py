"""Start mlx-audio's own server on a machine without a GPU, which it otherwise asks for."""

import mlx.core as mx

_new_stream = mx.new_stream
mx.new_stream = lambda _: _new_stream(mx.cpu)

from mlx_audio import server  # noqa: E402

server.main()
