from fsspec.core import url_to_fs as url_to_fs
