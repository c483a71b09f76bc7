"""Files that are fetched from servers and put on them, at addresses that the central system names.

`asking` asks a program of its own, `carrier`, which reads an address once (`places`), looks where it leads before it
connects (`reaching`), and speaks HTTP, FTP or SFTP, the first two with TLS as well. It knows neither Django nor the
record, is given back with its memory, and ends with whoever asked it.
"""
