"""Pages of video sites: yt-dlp finds the file behind a page, in a process whose only way out is judged like ours."""

from sightline.gateway.video_pages.finding import FoundFilm, VideoPages

__all__ = ["FoundFilm", "VideoPages"]
